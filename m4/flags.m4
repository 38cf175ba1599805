dnl Compiler and linker flags, each tried before it is used.
dnl SPDX-License-Identifier: MIT

dnl COGNITO_TRY_CFLAG(FLAG, VARIABLE): appends FLAG where the compiler takes it
dnl without a warning.
AC_DEFUN([COGNITO_TRY_CFLAG], [
    AC_MSG_CHECKING([whether $CC takes $1])
    cognito_save_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -Werror $1"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <string.h>]], [[return 0;]])],
        [AC_MSG_RESULT([yes])
         $2="$$2 $1"],
        [AC_MSG_RESULT([no])])
    CFLAGS=$cognito_save_CFLAGS
])

dnl COGNITO_TRY_LDFLAG(FLAG, VARIABLE): the same for the linker.
AC_DEFUN([COGNITO_TRY_LDFLAG], [
    AC_MSG_CHECKING([whether the linker takes $1])
    cognito_save_LDFLAGS=$LDFLAGS
    cognito_save_CFLAGS=$CFLAGS
    LDFLAGS="$LDFLAGS $1"
    CFLAGS="$CFLAGS -Werror $PIE_CFLAGS"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [[return 0;]])],
        [AC_MSG_RESULT([yes])
         $2="$$2 $1"],
        [AC_MSG_RESULT([no])])
    LDFLAGS=$cognito_save_LDFLAGS
    CFLAGS=$cognito_save_CFLAGS
])

dnl COGNITO_TRY_FORTIFY(VARIABLE): the highest _FORTIFY_SOURCE that compiles.
dnl It needs optimisation; a build without it goes on without.
AC_DEFUN([COGNITO_TRY_FORTIFY], [
    cognito_fortify=
    for level in 3 2; do
        AS_IF([test -z "$cognito_fortify"],
            [COGNITO_TRY_CFLAG([-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$level],
                [cognito_fortify])])
    done
    $1="$$1 $cognito_fortify"
])
