"""Statistics on tables of runs: permutation tests, corrections for many tests, effect sizes, power.

    import dreamplay.statistics

    dreamplay.statistics.compare_phrasings("results.csv", "stance.leo=stay", base="base", changed="believer")

Every function takes the file that `dreamplay study report --table FILE` has written, or rows as dictionaries.
"""

from dreamplay.statistics.family import compare_all as compare_all
from dreamplay.statistics.holm import holm as holm
from dreamplay.statistics.outlook import outlook as outlook
from dreamplay.statistics.phrasings import compare_phrasings as compare_phrasings
from dreamplay.statistics.reach import reach as reach
from dreamplay.statistics.spread import spread as spread
