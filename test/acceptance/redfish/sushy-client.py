"""Does through sushy, the client of Ironic's redfish hardware type, all that Ironic does with one node.

    sushy-client.py URL USER PASSWORD SYSTEM CERTIFICATE [IMAGE]

Prints one JSON value a line: {"step": …, "ok": …, "value": … or "error": …}. URL is the service's root, CERTIFICATE the file of the certificate by which it is known; IMAGE, where
given, is what is put into the virtual drive. Needs Debian's python3-sushy.
"""

import json
import sys
import time

import sushy
from sushy import auth

TRANSITION = 60


class Checks:
    """The steps, in the order in which they are defined; a later one may use what an earlier one left behind."""

    def __init__(self, url, user, password, system, certificate, image=None):
        self.verify = certificate
        self.url, self.user, self.password = url, user, password
        self.image = image
        self.path = f"/redfish/v1/Systems/{system}"
        self.root = None

    @property
    def system(self):
        return self.root.get_system(self.path)

    @property
    def manager(self):
        return self.system.managers[0]

    def until(self, what, wanted):
        end = time.monotonic() + TRANSITION
        while what() != wanted:
            if time.monotonic() > end:
                raise AssertionError(f"{what()} is not {wanted} within {TRANSITION} s")
            time.sleep(0.1)
        return getattr(wanted, "value", wanted)

    def reset(self, kind, wanted):
        self.system.reset_system(kind)
        return self.until(lambda: self.system.power_state, wanted)

    # Connecting.

    def logs_in_by_basic(self):
        basic = auth.BasicAuth(self.user, self.password)
        return sushy.Sushy(self.url, auth=basic, verify=self.verify).get_system(self.path).uuid

    def logs_in_by_session(self):
        session = auth.SessionAuth(self.user, self.password)
        root = sushy.Sushy(self.url, auth=session, verify=self.verify)
        root.get_system(self.path)
        session.close()
        return None

    def logs_in_by_either(self):
        self.root = sushy.Sushy(self.url, self.user, self.password, verify=self.verify)
        return self.root.redfish_version

    def renews_a_session_that_was_ended(self):
        session = auth.SessionAuth(self.user, self.password)
        root = sushy.Sushy(self.url, auth=session, verify=self.verify)
        root.get_system(self.path)
        self.root.get_session(session.get_session_resource_id()).delete()
        return root.get_system(self.path).uuid

    def is_refused_with_a_wrong_password(self):
        try:
            sushy.Sushy(self.url, auth=auth.BasicAuth(self.user, "wrong"), verify=self.verify).get_system(self.path)
        except sushy.exceptions.AccessError as error:
            return error.status_code
        raise AssertionError("it was let in")

    def finds_all_systems(self):
        return [system.identity for system in self.root.get_system_collection().get_members()]

    # What inspection reads.

    def reads_the_inventory(self):
        system = self.system
        return {
            "cpus": system.processors.summary.count,
            "architecture": system.processors.summary.architecture and system.processors.summary.architecture.value,
            "memory": system.memory_summary.size_gib,
            "macs": list(system.ethernet_interfaces.summary),
            "manufacturer": system.manufacturer,
            "serial": system.serial_number,
            "health": system.status.health and system.status.health.value,
        }

    def reads_simple_storage(self):
        return {"largest": self.system.simple_storage.max_size_bytes, "sizes": self.system.simple_storage.disks_sizes_bytes}

    def reads_storage(self):
        found = []
        for storage in self.system.storage.get_members():
            found += [drive.capacity_bytes for drive in storage.drives]
            storage.volumes.get_members()
        return found

    def reads_bios(self):
        return self.system.bios.attributes

    def reads_sensors(self):
        chassis = self.system.chassis[0]
        return {
            "temperatures": [item.reading_celsius for item in chassis.thermal.temperatures],
            "fans": [item.reading for item in chassis.thermal.fans],
            "supplies": [item.power_capacity_watts for item in chassis.power.power_supplies],
        }

    def reads_the_firmware_inventory(self):
        members = self.root.get_update_service().firmware_inventory.get_members()
        return {item.identity: item.version for item in members}

    # Power, in the order of a node's life.

    def switches_off(self):
        return self.reset(sushy.RESET_FORCE_OFF, sushy.POWER_STATE_OFF)

    def switches_off_again(self):
        return self.reset(sushy.RESET_FORCE_OFF, sushy.POWER_STATE_OFF)

    def switches_on(self):
        return self.reset(sushy.RESET_ON, sushy.POWER_STATE_ON)

    def switches_on_again(self):
        return self.reset(sushy.RESET_ON, sushy.POWER_STATE_ON)

    def resets(self):
        return self.reset(sushy.RESET_FORCE_RESTART, sushy.POWER_STATE_ON)

    def sends_an_nmi(self):
        end = time.monotonic() + TRANSITION
        while True:
            try:
                return self.system.reset_system(sushy.RESET_NMI)
            except sushy.exceptions.ServerSideError:
                # Not while the reset before it is under way.
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def knows_what_it_may_ask(self):
        return sorted(kind.value for kind in self.system.get_allowed_reset_system_values())

    def lights_the_indicator(self):
        self.system.set_indicator_led(sushy.INDICATOR_LED_LIT)
        lit = self.system.indicator_led
        self.system.set_indicator_led(sushy.INDICATOR_LED_OFF)
        return [lit.value, self.system.indicator_led.value]

    # Boot.

    def override(self):
        boot = self.system.boot
        return [getattr(boot.target, "value", boot.target), getattr(boot.enabled, "value", boot.enabled)]

    def boots_from_the_network_once(self):
        self.switches_off()
        self.system.set_system_boot_options(target=sushy.BOOT_SOURCE_TARGET_PXE, enabled=sushy.BOOT_SOURCE_ENABLED_ONCE)
        before = self.override()
        self.switches_on()
        self.until(lambda: self.system.boot.enabled, sushy.BOOT_SOURCE_ENABLED_DISABLED)
        return {"before": before, "after": self.override()}

    def boots_from_disk_from_now_on(self):
        self.system.set_system_boot_options(
            target=sushy.BOOT_SOURCE_TARGET_HDD, enabled=sushy.BOOT_SOURCE_ENABLED_CONTINUOUS
        )
        self.resets()
        return self.override()

    def ends_the_override(self):
        self.system.set_system_boot_options(enabled=sushy.BOOT_SOURCE_ENABLED_DISABLED)
        return self.override()[1]

    def sets_the_boot_mode(self):
        modes = []
        for mode in (sushy.BOOT_SOURCE_MODE_UEFI, sushy.BOOT_SOURCE_MODE_BIOS):
            self.system.set_system_boot_options(mode=mode)
            modes.append(self.system.boot.mode.value)
        return modes

    def knows_what_it_may_boot(self):
        return sorted(target.value for target in self.system.get_allowed_system_boot_source_values())

    def sets_the_bios(self):
        bios = self.system.bios
        bios.set_attributes({"NetworkBootNics": 1} if "NetworkBootNics" in bios.attributes else {"BootMode": "Uefi"})
        pending = self.system.bios.pending_attributes
        self.system.bios.reset_bios()
        return pending

    # Virtual media, as Ironic looks for it: under the system first, else under the manager.

    def drives(self, owner):
        return {kind.value: drive for drive in owner.virtual_media.get_members() for kind in drive.media_types}

    def inserts_media(self):
        if self.image is None:
            return None
        drive = self.drives(self.manager)["CD"]
        drive.insert_media(self.image, write_protected=True)
        drive = self.drives(self.manager)["CD"]
        return [drive.inserted, drive.image, drive.write_protected]

    def boots_from_media_once(self):
        if self.image is None:
            return None
        self.system.set_system_boot_options(target=sushy.BOOT_SOURCE_TARGET_CD, enabled=sushy.BOOT_SOURCE_ENABLED_ONCE)
        self.resets()
        self.until(lambda: self.system.boot.enabled, sushy.BOOT_SOURCE_ENABLED_DISABLED)
        return self.drives(self.manager)["CD"].inserted

    def ejects_media(self):
        if self.image is None:
            return None
        self.drives(self.manager)["CD"].eject_media()
        drive = self.drives(self.manager)["CD"]
        return [drive.inserted, drive.image]

    def is_told_why_media_cannot_be_had(self):
        try:
            self.drives(self.manager)["CD"].insert_media("http://127.0.0.1:9/none.iso")
        except sushy.exceptions.HTTPError as error:
            return error.status_code
        raise AssertionError("it was taken")

    # Events and tasks.

    def subscribes(self):
        subscriptions = self.root.get_event_service().subscriptions
        subscription = subscriptions.create(
            {
                "Destination": "https://192.0.2.1/events",
                "Protocol": "Redfish",
                "Context": "ironic",
                "EventTypes": ["Alert"],
            }
        )
        known = len(subscriptions.get_members())
        subscription.delete()
        return known

    def reads_tasks(self):
        return len(self.root.get_task_service().tasks.get_members())

    def restarts_the_controller(self):
        self.manager.reset_manager(sushy.RESET_MANAGER_FORCE_RESTART)
        end = time.monotonic() + TRANSITION
        while True:
            try:
                self.root = sushy.Sushy(self.url, self.user, self.password, verify=self.verify)
                return self.system.power_state.value
            except Exception:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)


def main():
    checks = Checks(*sys.argv[1:])
    helpers = {"until", "reset", "override", "drives", "system", "manager"}
    for step in [name for name in vars(Checks) if not name.startswith("_") and name not in helpers]:
        try:
            line = {"step": step, "ok": True, "value": getattr(checks, step)()}
        except Exception as error:  # what goes wrong is the result
            line = {"step": step, "ok": False, "error": f"{type(error).__name__}: {error}"}
        print(json.dumps(line, default=str), flush=True)


main()
