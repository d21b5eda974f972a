"""Which of our photographs is in this picture, how sure is that, and what was done to it."""

from watermark.compare.decide import Verdict, matching_rates
from watermark.forensics import MarkState
from watermark.identify.answer import Answer, Exhibit, Overlap, RunnerUp, Transform
from watermark.identify.exhibit import explain_picture
from watermark.identify.search import WORKED, compared, hypotheses, identify, identify_file, identify_opened
from watermark.identify.sureness import Sureness
from watermark.identify.words import explain

__all__ = [
    "WORKED",
    "Answer",
    "Exhibit",
    "MarkState",
    "Overlap",
    "RunnerUp",
    "Sureness",
    "Transform",
    "Verdict",
    "compared",
    "explain",
    "explain_picture",
    "hypotheses",
    "identify",
    "identify_file",
    "identify_opened",
    "matching_rates",
]
