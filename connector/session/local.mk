# connector/session: see connector/README.md
