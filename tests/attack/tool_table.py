# What tests/cli/table.py defends: how check ends.
# SPDX-License-Identifier: MIT

TEST = ""

BREAKAGES = [
    ("check takes more than the screen has", ("ROWS", "60")),
    ("names of others go to the terminal as they came",
     ("shown (text_clean)", '(void) snprintf(out, NAME_SIZE, "%s", name)')),
    ("an id is another", ('finding.def "pam.twice"', '"pam.two"')),
    ("no number stands beside its line of the table", 
     ("put_group (put_row)",
      "put_row(page, finding->level, row_of(finding)->label, text, 0)")),
    ("only the first problem is told",
     ("put_page (put_full)", "if (number == 1) ...")),
    ("a problem of no number is one", ("table_print_one (output_error)", "return true")),
    ("a step has no line of its own", ("next_step (strcspn)", "length = strlen(*fix)")),
    ("a script does not learn the order", ('print_object "order"', '"number"')),
]
