# connector/loop: see connector/README.md
