# connector/wire: see connector/README.md
