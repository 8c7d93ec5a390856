import BootProtocols
import Testing

@testable import NodeLists

@Suite struct NodeExportTests {
    private let nodes = [
        ExportedNode(
            name: "n001", macs: [MACAddress(value: 0x5254_0000_0001)], address: IPv4Address(value: 0x0a00_0001),
            groups: ["compute", "big-mem"], processors: 64, memory: 257_000),
        ExportedNode(
            name: "n002", macs: [MACAddress(value: 0x5254_0000_0002)], address: IPv4Address(value: 0x0a00_0002),
            groups: ["compute"], processors: 64, memory: 257_000),
        ExportedNode(name: "n003", macs: [MACAddress(value: 0x5254_0000_0003)], groups: ["compute"]),
    ]

    private let setting = NodeExport.Setting(cluster: "perseus", head: "head", domain: "cluster")

    @Test(arguments: [
        (NodeExport.hosts, "10.0.0.1\tn001.cluster n001\n10.0.0.2\tn002.cluster n002\n"),
        (.ethers, "52:54:00:00:00:01 n001\n52:54:00:00:00:02 n002\n52:54:00:00:00:03 n003\n"),
        (.c3, "cluster perseus {\n    head\n    n001\n    n002\n    n003\n}\n"),
        (.genders, "n001 compute,big-mem,perseid\nn002 compute,perseid\nn003 compute,perseid\n"),
        (.clustershell, "[Main]\nall: n[001-003]\ncompute: n[001-003]\nbig-mem: n001\n"),
        (.slurm, "NodeName=n[001-002] CPUs=64 RealMemory=257000 State=UNKNOWN\nNodeName=n003 State=UNKNOWN\n"),
        (
            .ansible,
            "n001 ansible_host=10.0.0.1\nn002 ansible_host=10.0.0.2\nn003\n\n[compute]\nn001\nn002\nn003\n\n[big_mem]\nn001\n"
        ),
    ])
    func writes(form: NodeExport, text: String) {
        let written = form.text(of: nodes, setting)
        let body = written.split(separator: "\n", omittingEmptySubsequences: false).drop { $0.hasPrefix("#") }
        #expect(body.joined(separator: "\n") == text)
    }

    /// What is written in a form that is read, too, is the same after it.
    @Test(arguments: [
        (NodeExport.csv, NodeListFormat.csv), (.dnsmasq, .dnsmasq), (.dhcpd, .dhcpd), (.ethers, .ethers),
    ])
    func readsBack(form: NodeExport, format: NodeListFormat) {
        let list = format.read(form.text(of: nodes, setting))
        #expect(list.problems.isEmpty)
        #expect(list.nodes.map(\.name) == nodes.map(\.name))
        #expect(list.nodes.map(\.macs) == nodes.map(\.macs))
        if form != .ethers { #expect(list.nodes.map(\.address) == nodes.map(\.address)) }
    }
}

@Suite struct NodeRangeTests {
    @Test func countsNamesAndAddresses() {
        let list = NodeRange(
            base: "n", start: 8, count: 3, digits: 3, firstAddress: IPv4Address("10.0.0.8"),
            subnet: IPv4Subnet("10.0.0.0/24"), gateway: IPv4Address("10.0.0.1")
        ).nodes()
        #expect(list.problems.isEmpty)
        #expect(list.nodes.map(\.name) == ["n008", "n009", "n010"])
        #expect(list.nodes.map { $0.address?.description } == ["10.0.0.8", "10.0.0.9", "10.0.0.10"])
    }

    @Test func findsEachConflict() {
        let range = NodeRange(
            base: "n", count: 3, firstAddress: IPv4Address("10.0.0.253"), subnet: IPv4Subnet("10.0.0.0/24"),
            gateway: IPv4Address("10.0.0.254"))
        let problems = range.nodes().problems
        #expect(problems.map(\.line) == [2, 3])
        #expect(problems.first?.text.contains("gateway") == true)
        #expect(problems.last?.text.contains("10.0.0.255") == true)
    }

    @Test(arguments: [
        NodeRange(base: "n", count: 0), NodeRange(base: "n", count: .max),
        NodeRange(base: "n", start: .max, count: 2), NodeRange(base: "n", start: 999, count: 2, digits: 3),
        NodeRange(base: "N_", count: 1), NodeRange(base: "n", count: 2, firstAddress: .broadcast),
    ])
    func refusesWhatRunsOver(range: NodeRange) {
        #expect(!range.nodes().problems.isEmpty)
    }
}
