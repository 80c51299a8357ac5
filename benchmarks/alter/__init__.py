"""What was altered, where and when: seeded alterations of real clips, laundered, and what ``verify`` says of them."""
