"""``python -m services.notifier``"""

from infra.runtime.service import run_service
from services.notifier.service import serve

if __name__ == "__main__":
    run_service(serve, "notifier")
