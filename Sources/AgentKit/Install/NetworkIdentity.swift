package import BootProtocols

/// What a root has that configures a network: found by looking for the program, never for the name of a distribution.
package enum NetworkIdentity: String, CaseIterable, Hashable, Sendable {
    case netplan
    case networkManager = "NetworkManager"
    case ifupdown
    case networkd = "systemd-networkd"

    /// A file of the root, with its permission bits; nil contents: a symbolic link.
    package struct File: Hashable, Sendable {
        package var path: String
        package var contents: String
        package var mode: UInt32 = 0o644
        package var isLink = false
    }

    /// What shows that it is there; any of the paths.
    var programs: [String] {
        switch self {
        case .netplan: ["/usr/sbin/netplan"]
        case .networkManager: ["/usr/sbin/NetworkManager"]
        case .ifupdown: ["/usr/sbin/ifup", "/sbin/ifup"]
        case .networkd: ["/usr/lib/systemd/systemd-networkd", "/lib/systemd/systemd-networkd"]
        }
    }

    /// The first of netplan, NetworkManager, ifupdown and systemd-networkd that is there: netplan writes for others,
    /// and systemd-networkd comes along with every systemd.
    package static func probe(_ exists: (String) -> Bool) -> NetworkIdentity? {
        [.netplan, .networkManager, .ifupdown, .networkd].first { kind in
            // BusyBox has a program of the name ifup, too, and no such directory.
            kind.programs.contains(where: exists) && (kind != .ifupdown || exists("/etc/network/if-up.d"))
        }
    }

    /// What has the interface with this MAC ask for its address by DHCP: leases are kept by MAC, so it stays the same.
    package func files(mac: MACAddress) -> [File] {
        switch self {
        case .netplan:
            [
                File(
                    path: "/etc/netplan/10-perseid.yaml",
                    contents: """
                        network:
                          version: 2
                          ethernets:
                            boot:
                              match:
                                macaddress: "\(mac)"
                              dhcp4: true
                              dhcp-identifier: mac

                        """, mode: 0o600)
            ]
        case .networkManager:
            [
                File(
                    path: "/etc/NetworkManager/system-connections/perseid.nmconnection",
                    contents: """
                        [connection]
                        id=perseid
                        type=ethernet
                        autoconnect=true

                        [ethernet]
                        mac-address=\(mac)

                        [ipv4]
                        method=auto

                        [ipv6]
                        method=auto

                        """, mode: 0o600)
            ]
        case .ifupdown:
            [
                // ifupdown goes by names, and which one the kernel gives is not known here.
                File(
                    path: "/etc/systemd/network/10-perseid.link",
                    contents: "[Match]\nMACAddress=\(mac)\n\n[Link]\nName=boot0\n"),
                File(
                    path: "/etc/network/interfaces.d/perseid",
                    contents: "auto boot0\niface boot0 inet dhcp\n"),
            ]
        case .networkd:
            [
                File(
                    path: "/etc/systemd/network/10-perseid.network",
                    contents: """
                        [Match]
                        MACAddress=\(mac)

                        [Network]
                        DHCP=yes

                        [DHCPv4]
                        ClientIdentifier=mac

                        """),
                // As `systemctl enable` does.
                File(
                    path: "/etc/systemd/system/multi-user.target.wants/systemd-networkd.service",
                    contents: "/lib/systemd/system/systemd-networkd.service", isLink: true),
                File(
                    path: "/etc/systemd/system/dbus-org.freedesktop.network1.service",
                    contents: "/lib/systemd/system/systemd-networkd.service", isLink: true),
                File(
                    path: "/etc/systemd/system/sockets.target.wants/systemd-networkd.socket",
                    contents: "/lib/systemd/system/systemd-networkd.socket", isLink: true),
            ]
        }
    }
}
