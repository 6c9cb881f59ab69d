/* check.h: our own mistakes stop the program with a message, in release builds too. The world's mistakes are never
 * checked here: they are returned as an enum err (err.h). */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

/* Aborts with the file, the line and the condition when it does not hold. The condition must have no side effect. */
#define CHECK(cond) ((cond) ? (void)0 : check_failed(__FILE__, __LINE__, #cond))

/* Like CHECK, for walks over whole structures: compiled only where GRIDSCOPE_SLOW_CHECKS is defined (tests, fuzzing). */
#ifdef GRIDSCOPE_SLOW_CHECKS
#define CHECK_SLOW(cond) CHECK(cond)
#else
#define CHECK_SLOW(cond) ((void)0)
#endif

_Noreturn void check_failed(const char *file, int line, const char *what);

#endif
