"""The files that people write, as strict models: what stands here is what the editor's JSON Schema and the reference say."""

from __future__ import annotations

from engage.rules.schema.campaign import CampaignFile, SegmentFile
from engage.rules.schema.settings import SettingsFile
from engage.rules.schema.tests import CampaignTestFile

__all__ = ["CampaignFile", "CampaignTestFile", "SegmentFile", "SettingsFile"]
