# One file per suite: run(world, tap). SPDX-License-Identifier: MIT
