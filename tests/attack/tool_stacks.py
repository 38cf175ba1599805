# What tests/cli/stacks.py defends: that what check proposes for a PAM stack is a cure.
# SPDX-License-Identifier: MIT

TEST = "what_to_write|new_line|open_behind|no_line|test_good|broken_"

BREAKAGES = [
    ("a module that cannot be loaded is passed by in sudo, too",
     ("good_control (keeps_callers_limits)", '"module_unknown=ignore "')),
    ("a jump becomes an end", ("jump_of (strtoul)", "jump = 0")),
    ("a line that is right is replaced by itself", ("close_door (strcmp)", "stays = false")),
    ("what is put behind the line is not jumped over", ("close_door 1", "0")),
    ("another control is taken for enough", ("close_door (can_succeed)", "true")),
    ("the old control is not the line's", ("check_replace (check_cure)", 'check_cure(check, "in %.200s, line %u, '
      'replace  %.200s\\nby  %.200s", line->file, line->number, control, control)')),
]
