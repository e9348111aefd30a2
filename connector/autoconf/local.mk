# connector/autoconf: PAC files: fetched, kept fresh, found by WPAD
