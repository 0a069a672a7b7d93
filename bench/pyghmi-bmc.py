"""A BMC made with pyghmi, to be measured against: python3 pyghmi-bmc.py ADDRESS PORT USER PASSWORD."""

import sys

from pyghmi.ipmi.bmc import Bmc


class BenchBmc(Bmc):
    def get_power_state(self):
        return 'on'


address, port, user, password = sys.argv[1:]
bmc = BenchBmc({user: password}, port=int(port), address=address)
print('ready', flush=True)
bmc.listen()
