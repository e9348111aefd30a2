# pac/script: what a PAC script may call; linked into the PAC helpers only
