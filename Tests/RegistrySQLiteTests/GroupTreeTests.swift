import BootMachine
import BootProtocols
import Registry
import Testing

@Suite struct GroupTreeTests {
    private let groups = [
        NodeGroup(name: "all", settings: NodeSettings(capsule: "base", console: "ttyS0")),
        NodeGroup(name: "compute", settings: NodeSettings(capsule: "compute:stable", handoff: .kexec)),
        NodeGroup(name: "gpu", parents: ["compute"], settings: NodeSettings(capsule: "cuda:stable")),
        NodeGroup(name: "rack1", parents: ["compute"], settings: NodeSettings(console: "ttyS1,115200")),
    ]
    private let server = NodeSettings(capsule: "server", kernelArguments: "console=tty0 console=ttyS9 quiet")

    private func node(_ groups: [String], capsule: String? = nil) -> Node {
        Node(mac: MACAddress(value: 2), name: "n001", capsule: capsule, groups: groups)
    }

    @Test(arguments: [
        ([], "base", "all nodes"), (["gpu"], "cuda:stable", "group gpu"),
        (["rack1", "gpu"], "cuda:stable", "group gpu"), (["rack1"], "compute:stable", "group compute"),
        (["compute", "gpu"], "cuda:stable", "group gpu"), (["gone"], "base", "all nodes"),
    ])
    func theFirstThatSaysSomethingWins(names: [String], capsule: String, source: String) {
        let settings = GroupTree(groups).settings(of: node(names), server: server)
        #expect(settings.capsule?.value == capsule)
        #expect(settings.capsule?.source.description == source)
    }

    @Test func theNodeIsBeforeAllAndTheServerAfter() {
        let settings = GroupTree(groups).settings(of: node(["gpu", "rack1"], capsule: "own@3"), server: server)
        #expect(settings.capsule?.source == .node)
        #expect(settings.console?.source == .group("rack1"))
        #expect(settings.kernelArguments?.source == .server)
        #expect(settings.kernelCommandLine == "console=tty0 console=ttyS1,115200 quiet")
        #expect(GroupTree().settings(of: node([]), server: server).kernelCommandLine == server.kernelArguments)
    }

    @Test func ratesAreInherited() throws {
        var node = node(["gpu", "rack1"])
        #expect(GroupTree(groups).nodeRate(of: node) == nil)
        var tree = groups
        tree[1].settings.nodeRate = 50_000_000
        #expect(GroupTree(tree).nodeRate(of: node) == 50_000_000)
        #expect(GroupTree(tree).settings(of: node, server: server).nodeRate?.source == .group("compute"))
        tree[3].settings.nodeRate = 20_000_000
        // rack1 stands before compute, which both inherit from.
        #expect(GroupTree(tree).nodeRate(of: node) == 20_000_000)
        try node.set(.nodeRate, to: "7")
        #expect(GroupTree(tree).nodeRate(of: node) == 7_000_000)
        #expect(node[.nodeRate] == "7")
        try node.set(.nodeRate, to: nil)
        #expect(node.settings.nodeRate == nil)
    }

    @Test func noGroupStandsBeforeOneThatInheritsFromIt() {
        #expect(GroupTree(groups).line(of: ["gpu", "rack1"]) == ["gpu", "rack1", "compute", "all"])
    }

    @Test func aCycleIsRefusedAndStillEnds() {
        let round = [
            NodeGroup(name: "a", parents: ["b"]), NodeGroup(name: "b", parents: ["c"]),
            NodeGroup(name: "c", parents: ["a"]),
        ]
        #expect(throws: RegistryError.cycle(["a", "b", "c", "a"])) { try GroupTree.check(round) }
        #expect(throws: RegistryError.cycle(["a", "a"])) { try GroupTree.check([NodeGroup(name: "a", parents: ["a"])]) }
        #expect(GroupTree(round).line(of: ["a"]).first == "a")
        #expect(throws: RegistryError.self) { try GroupTree.check([NodeGroup(name: "a", parents: ["b"])]) }
        #expect(throws: Never.self) { try GroupTree.check(groups) }
    }

    @Test(arguments: [
        (NodeField.name, "N1"), (.address, "10.0.0"), (.uuid, "1-2"), (.groups, "a,_"), (.provider, "cloud"),
        (.kernelArguments, "quiet || reboot"), (.kernelArguments, "a${b}"), (.console, "ttyS0 x"),
        (.nextBoot, "twice local"), (.nextBoot, "once moon"), (.enabled, "maybe"), (.comment, "a\u{1b}[2J"),
        (.interfaces, "52:54:00:00:00:02"), (.interfaces, "52:54:00:00:00:aa,52:54:00:00:00:aa"),
        (.interfaces, "52:54:00:00:00:aa/a-name-of-sixteen"), (.capsule, "two words"),
        (.nodeRate, "0"), (.nodeRate, "fast"), (.nodeRate, "100001"), (.nodeRate, "1.5"),
    ])
    func whatIsNoValueIsRefusedWithTheFieldsName(field: NodeField, text: String) {
        var node = Node(mac: MACAddress(value: 0x5254_0000_0002), name: "n001")
        let error = #expect(throws: InvalidValue.self) { try node.set(field, to: text) }
        #expect(error?.field == field.rawValue)
    }
}
