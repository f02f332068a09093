"""What a telephone line and a network do to speech."""

from perturbations.telephony.packet_loss import PacketLoss
from perturbations.telephony.telephone import Telephone

__all__ = ["PacketLoss", "Telephone"]
