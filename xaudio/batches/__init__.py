"""Many clips explained by one model and several methods: resumable, with a table and a page."""

from xaudio.batches.plan import BatchPlan, Question, plan_batch
from xaudio.batches.running import explain_batch
from xaudio.batches.store import BATCH_SCHEMA, BatchStore

__all__ = ["BATCH_SCHEMA", "BatchPlan", "BatchStore", "Question", "explain_batch", "plan_batch"]
