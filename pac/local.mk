# pac
