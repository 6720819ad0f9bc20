import { AzoraDbError } from '../../errors.ts';

/** Nobody can enroll in a course that is still a draft or archived, nor come back to it after dropping out. */
export class CourseNotOpenError extends AzoraDbError {
  constructor() {
    super('COURSE_NOT_OPEN', 'the course is not published: publish it before anyone enrolls');
  }
}

/** An assessment or enrollment is not in the state that this step starts from; `status` is the one it is in. */
export class WrongStatusError extends AzoraDbError {
  readonly status: string;

  constructor(entity: string, status: string, needed: string) {
    super('WRONG_STATUS', `the ${entity} is ${status}, and this needs one that is ${needed}`);
    this.status = status;
  }
}
