"""Typed parsers: English words, as a recogniser writes or a person types them, to values.

Every parser is a pure function from the words of one utterance to `Match`es: which words, which
value, how sure. None of them decides anything; `engine.core.understanding` shares the words out
among the slots in scope. Nothing here reads a clock, a locale or a file: `today` comes in.

Two libraries do what libraries do better: `text2num` reads cardinal numbers (strictly: it refuses
"seven thirty" instead of adding it up), and `dateutil` does calendar arithmetic (recurrence rules
find "saturday the fifteenth" exactly). Whole-sentence date parsers were tried and put aside:
dateparser needs 190 ms for its first answer, reads "at seven" as the first of July and "the 3rd"
as March, and ignores a weekday that contradicts its day; parsedatetime reads "saturday the 15th" as
the next Saturday and "the twenty first of march" as the first of March. A wrong date said with
certainty is worse than none, and neither tells which words it used.
"""
