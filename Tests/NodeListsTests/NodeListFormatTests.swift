import BootProtocols
import Testing

@testable import NodeLists

@Suite struct NodeListFormatTests {
    /// One node's fields as the tests compare them.
    private func lines(_ list: NodeList) -> [String] {
        list.nodes.map { node in
            let macs = node.macs.map(\.description).joined(separator: "+")
            return [node.name, macs, node.address?.description ?? "-", node.groups.joined(separator: "+")]
                .joined(separator: " ").trimmingSpace
        }
    }

    @Test func readsEthers() {
        let list = NodeListFormat.ethers.read(
            """
            # compute
            00:1a:2b:3c:4d:5e n001
            0:1a:2b:3:4d:5f   N002.cluster   # as ether_ntoa writes it
            """)
        #expect(list.problems.isEmpty)
        #expect(lines(list) == ["n001 00:1a:2b:3c:4d:5e -", "n002 00:1a:2b:03:4d:5f -"])
    }

    @Test func readsMACsWithNotes() {
        let list = NodeListFormat.macs.read("00:1a:2b:3c:4d:5e # n001 bottom of rack 3\n# a note\n")
        #expect(lines(list) == ["n001 00:1a:2b:3c:4d:5e -"])
        #expect(list.nodes.first?.comment == "bottom of rack 3")
    }

    @Test func readsAPerceusTable() {
        let list = NodeListFormat.perceus.read(
            """
            HostName             GroupName    Enabled  NodeID
            ------------------------------------------------------
            n0000                cluster      1        00:1A:2B:3C:4D:5E
            n0001                gpu          0        00:1A:2B:3C:4D:5F
            """)
        #expect(list.problems.isEmpty)
        #expect(lines(list) == ["n0000 00:1a:2b:3c:4d:5e - cluster", "n0001 00:1a:2b:3c:4d:5f - gpu"])
    }

    @Test func readsWarewulf() {
        let list = NodeListFormat.warewulf.read(
            """
            nodeprofiles:
              default: {}
            nodes:
              n1:
                comment: first
                profiles: [default, gpu]
                network devices:
                  ib0:
                    hwaddr: 00:1a:2b:3c:4d:60
                  default:
                    hwaddr: 00:1a:2b:3c:4d:5e
                    ipaddr: 10.0.1.1/22
              n2:
                primary network: eth1
                network devices:
                  default: {hwaddr: "00:1a:2b:3c:4d:61"}
                  eth1: {hwaddr: "00:1a:2b:3c:4d:62", ipaddr: 10.0.1.2}
            """)
        #expect(list.problems.isEmpty)
        #expect(
            lines(list) == [
                "n1 00:1a:2b:3c:4d:5e+00:1a:2b:3c:4d:60 10.0.1.1 gpu",
                "n2 00:1a:2b:3c:4d:62+00:1a:2b:3c:4d:61 10.0.1.2",
            ])
    }

    @Test func readsDnsmasq() {
        let list = NodeListFormat.dnsmasq.read(
            """
            interface=eth1
            dhcp-range=10.0.0.10,10.0.0.99,12h
            dhcp-host=00:1a:2b:3c:4d:5e,set:compute,n001,10.0.0.5,infinite
            dhcp-host=00:1a:2b:3c:4d:5f,00:1a:2b:3c:4d:60,id:*,n002,12h
            dhcp-host=00:1a:2b:3c:4d:61,ignore
            """)
        #expect(list.problems.isEmpty)
        #expect(
            lines(list) == [
                "n001 00:1a:2b:3c:4d:5e 10.0.0.5 compute", "n002 00:1a:2b:3c:4d:5f+00:1a:2b:3c:4d:60 -",
            ])
    }

    @Test func readsDhcpd() {
        let list = NodeListFormat.dhcpd.read(
            """
            option domain-name "host { hardware ethernet 00:00:00:00:00:01; }"; # not a host
            subnet 10.0.0.0 netmask 255.255.255.0 {
              pool { range 10.0.0.10 10.0.0.99; allow unknown-clients; }
              host n001 { hardware ethernet 0:1a:2b:3c:4d:5e; fixed-address 10.0.0.5; }
            }
            group compute {
              next-server 10.0.0.1;
              host n002
              {
                hardware ethernet 00:1a:2b:3c:4d:5f;
                if exists user-class { filename "x"; } else { filename "y"; }
                option host-name "n002";
              }
            }
            """)
        #expect(list.problems.isEmpty)
        #expect(lines(list) == ["n001 00:1a:2b:3c:4d:5e 10.0.0.5", "n002 00:1a:2b:3c:4d:5f - compute"])
        #expect(list.nodes.last?.line == 8)
    }

    @Test func readsCSV() {
        let list = NodeListFormat.csv.read(
            "Node Name,MAC-Address,\"IP\",groups,comment\nn001,00-1A-2B-3C-4D-5E,10.0.0.5,\"gpu, big\",\"said \"\"hot\"\"\nrow 2\"\n\n"
                + "n002,001a2b3c4d5f,,,\n")
        #expect(list.problems.isEmpty)
        #expect(lines(list) == ["n001 00:1a:2b:3c:4d:5e 10.0.0.5 gpu+big", "n002 00:1a:2b:3c:4d:5f -"])
        #expect(list.nodes.first?.comment == "said \"hot\"\nrow 2")
        #expect(list.nodes.last?.line == 5)
    }

    @Test func findsAllThatIsWrongAtOnce() {
        let list = NodeListFormat.ethers.read(
            """
            00:1a:2b:3c:4d:5e n001
            00:1a:2b:3c:4d:5e n002
            00:1a:2b:3c:4d n003
            00:1a:2b:3c:4d:60 n001
            00:1a:2b:3c:4d:61 bad_name
            01:00:5e:00:00:01 n005
            """)
        #expect(list.problems.map(\.line) == [2, 3, 4, 5, 6])
        #expect(list.problems.first?.text.contains("n001's, line 1") == true)
    }

    @Test(arguments: [
        (NodeListFormat.csv, "name,address\nn1,10.0.0.1\n", 1),
        (.csv, "name,mac\nn1,\"00:1a:2b:3c:4d:5e\n", 2),
        (.csv, "name,mac\nn1,00:1a:2b:3c:4d:5e,x\n", 2),
        (.dhcpd, "host n1 { hardware ethernet 00:1a:2b:3c:4d:5e;", 1),
        (.dhcpd, "}\n", 1),
        (.dhcpd, "host n1 { }\n", 1),
        (.dhcpd, String(repeating: "a {\n", count: 100), 65),
        (.warewulf, "nodes:\n  n1:\n    network devices:\n      default: {hwaddr: zz}\n", 4),
        (.warewulf, "nodes: [\n", 2),
        (.warewulf, "profiles: {}\n", 1),
        (.dnsmasq, "dhcp-host=00:1a:2b:*:*:*,n1\n", 1),
        (.dnsmasq, "dhcp-host=10.0.0.1,n1\n", 1),
        (.perceus, "HostName Vnfs\nn1 x\n", 1),
    ])
    func namesTheLine(format: NodeListFormat, text: String, line: Int) {
        #expect(format.read(text).problems.first?.line == line)
    }

    @Test(arguments: [
        ("00:1a:2b:3c:4d:5e n1\n", NodeListFormat.ethers), ("00:1a:2b:3c:4d:5e # n1\n", .macs),
        ("name,mac\n", .csv), ("HostName NodeID\n", .perceus), ("dhcp-host=x,y\n", .dnsmasq),
        ("nodes:\n", .warewulf), ("host x { hardware ethernet y; }\n", .dhcpd),
    ])
    func guessesTheForm(text: String, format: NodeListFormat) {
        #expect(NodeListFormat.guess(text, fileName: "list") == format)
    }
}

extension String {
    fileprivate var trimmingSpace: String { split(separator: " ").joined(separator: " ") }
}
