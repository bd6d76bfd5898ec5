"""Change events for the tests of the intake: whole ones of every entity, and the events of them."""

from __future__ import annotations

import json
from typing import Any

from schemas.codec import Reported
from services.intake.mapping import Mapping
from services.intake.mapping_file import load_mapping
from services.intake.prepare import prepared
from services.intake.record import Parked

SHIPPED = load_mapping(None)
CASE: dict[str, Any] = {
    "AccountId": "001A1", "Priority": "High", "SLA_Tier__c": "Gold", "Subject": "Sync stops",
    "Status": "New", "IsClosed": False, "ContactId": "003C1", "OwnerId": "005O1",
    "Support_Manager__c": "005M1", "Team__c": "integration",
    "Escalation_Program__c": "comment-phrase",
}  # fmt: skip
COMMENT: dict[str, Any] = {
    "ParentId": "500X", "CommentBody": "escalation request, please", "IsPublished": True,
    "CreatedById": "003C1",
}  # fmt: skip
FORM: dict[str, Any] = {
    "Case__c": "500X", "Requested_By__c": "003C1", "Reason__c": "Management Escalation Request",
    "Comments__c": "Orders wait.", "Contact__c": "003C1",
}  # fmt: skip
ENTITIES = {"Case": CASE, "CaseComment": COMMENT, "Case_Escalation__c": FORM}


def header(entity: str = "Case", kind: str = "CREATE", **more: Any) -> dict[str, Any]:
    return {
        "entityName": entity, "recordIds": ["500X"], "changeType": kind, "changedFields": [],
        "nulledFields": [], "diffFields": [], "commitTimestamp": 1795507201000,
        "transactionKey": "tx-1", "sequenceNumber": 1, "commitUser": "005O1",
    } | more  # fmt: skip


def created(entity: str = "Case", **fields: Any) -> dict[str, Any]:
    return {"ChangeEventHeader": header(entity), **ENTITIES[entity], **fields}


def updated(*changed: str, nulled: tuple[str, ...] = (), **fields: Any) -> dict[str, Any]:
    named = header(kind="UPDATE", changedFields=list(changed), nulledFields=list(nulled))
    return {"ChangeEventHeader": named, **fields}


def found(record: Any, mapping: Mapping = SHIPPED) -> list[Reported] | Parked:
    value = record if isinstance(record, bytes) or record is None else json.dumps(record).encode()
    outcome = prepared(value, mapping)
    return outcome if isinstance(outcome, Parked) else [one.event for one in outcome]


def events(record: Any, mapping: Mapping = SHIPPED) -> list[Any]:
    outcome = found(record, mapping)
    assert not isinstance(outcome, Parked), outcome
    return outcome


def names(record: Any, mapping: Mapping = SHIPPED) -> list[str]:
    return [one.data.name for one in events(record, mapping)]


def parked(record: Any, mapping: Mapping = SHIPPED) -> Parked:
    outcome = found(record, mapping)
    assert isinstance(outcome, Parked), outcome
    assert len(outcome.text) > 10
    return outcome
