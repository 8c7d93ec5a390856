import BootMachine
import Testing

@Suite struct InventoryBoundsTests {
    private func card(_ mac: String, link: Bool?, speed: Int? = nil, port: String? = nil) -> Hardware.Interface {
        var card = Hardware.Interface(name: "eth0", mac: mac, driver: nil, hasLink: link, speed: speed)
        card.neighbour = port.map { Hardware.Neighbour(system: "leaf07", port: $0, portDescription: nil, vlan: nil) }
        return card
    }

    @Test func whatWasSeenEarlierIsKeptWhereNothingIsSeenNow() {
        var earlier = Hardware()
        earlier.interfaces = [card("a", link: true, speed: 25_000, port: "7"), card("b", link: true, port: "8")]
        earlier.bmc = Hardware.BMC(address: "10.0.0.9", mac: nil)
        var now = Hardware()
        now.interfaces = [card("a", link: nil), card("b", link: false), card("c", link: true, port: "9")]
        let both = now.adding(earlier)
        #expect(both.interfaces.map { $0.neighbour?.port } == ["7", nil, "9"])
        #expect(both.interfaces.map(\.hasLink) == [true, false, true] && both.interfaces.first?.speed == 25_000)
        #expect(both.bmc?.address == "10.0.0.9")
        now.interfaces = [card("a", link: true, port: "1")]
        #expect(now.adding(earlier).interfaces.first?.neighbour?.port == "1")
    }

    @Test func aStrangersInventoryIsBounded() {
        var inventory = Inventory(
            cpus: .max, memoryBytes: -1, firmware: "\u{1b}[2J", uuid: String(repeating: "x", count: 5000), serial: nil,
            product: "A\nB", uptimeMilliseconds: 0)
        var hardware = Hardware()
        hardware.interfaces = (0..<1000).map { card("\($0)", link: true, speed: -1) }
        hardware.disks = [Hardware.Disk(name: "sda", bytes: .min, model: nil, serial: nil, isRotational: true)]
        inventory.hardware = hardware
        let bounded = inventory.bounded
        #expect(bounded.cpus == 1 << 20 && bounded.memoryBytes == 0 && bounded.firmware == "\u{fffd}[2J")
        #expect(bounded.uuid?.utf8.count == 128 && bounded.product == "A\u{fffd}B")
        #expect(bounded.hardware?.interfaces.count == 64 && bounded.hardware?.interfaces.first?.speed == nil)
        #expect(bounded.hardware?.disks.first?.bytes == 0)
    }
}
