import { AzoraDbError } from '../../errors.ts';

/** Nobody can enroll in a course that is still a draft or archived, nor come back to it after dropping out. */
export class CourseNotOpenError extends AzoraDbError {
  constructor() {
    super('COURSE_NOT_OPEN', 'the course is not published: publish it before anyone enrolls');
  }
}
