create extension if not exists intarray schema public;
