"""Taking data away: files for other programs (`hanoi-export`) and the cold archive (`hanoi-archive`)."""
