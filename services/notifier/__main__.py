"""``python -m services.notifier``"""

from infra.runtime.service import run_service
from policies.catalogue import PoliciesProblem
from policies.file import PolicyProblem
from services.notifier.delivery.channels.mail import SenderProblem
from services.notifier.directory.address_file import AddressesProblem
from services.notifier.service import serve

if __name__ == "__main__":
    wrong = (PolicyProblem, PoliciesProblem, AddressesProblem, SenderProblem)
    run_service(serve, "notifier", wrong)
