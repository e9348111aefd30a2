# connector/connectord: see connector/README.md
