# connector/api: see connector/README.md
