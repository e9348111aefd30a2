# pac/helper: the programs behind pac/eval.h
