# What tests/cli/subcommands.py defends: what the tool says of a refusal, in explain
# and in login, what it takes a slip for, and where it draws.
# SPDX-License-Identifier: MIT

TEST = "Explain|CommandLine|Login.test_refusal|Mfa.test_(drawing|a_long|how|no_dr)"

BREAKAGES = [
    ("explain has more than one screen", ("ROWS_MAX", "90")),
    ("a name of the log goes into a command as it is", ("is_shell_word", " return true; ")),
    ("explain knows no line about a change of password",
     ("marks", '{": refused: ", ": accepted: "}')),
    ("su says the same of every refusal", ('seen.def "su: PAM_AUTH_ERR', "PAM_SUCCESS")),
    ("no cause is told", ("CAUSES_MAX", "1")),
    ("whose case it is goes to the terminal as it came",
     ("describe_case (text_clean_bytes)", "(void) snprintf(about->user, sizeof(about->user), "
      '"%.*s", (int) (end - start), start)')),
    ("login does not say for whom a state is kept", ("print_refusal (status_is_state)", "false")),
    ("login leaves the words of the person out",
     ("print_refusal (status_text)", 'const char *person = ""')),
    ("a slip is not noticed before a value",
     ("output_meant (strcspn)", '(void) snprintf(word, sizeof(word), "%s", typed)')),
    ("nor where two letters are changed round", ("@changed-round", "false")),
    ("the name before the subcommand is not understood",
     ("refuse_subcommand (argc)", "false")),
    ("there is a drawing that the terminal has no room for", ("blocks", "{.ws_col = 1}")),
    ("dumb terminals have one", ("is_capable", " return true; ")),
]
