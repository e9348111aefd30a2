# connector/dial: see connector/README.md
