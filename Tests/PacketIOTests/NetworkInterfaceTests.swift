import BootProtocols
import PacketIO
import Testing

@Test func loopbackIsDescribed() throws {
    let lo = try NetworkInterface.named("lo")
    #expect(lo.isUp && lo.hasCarrier && lo.isLoopback)
    #expect(lo.index >= 1)
    #expect(lo.mtu >= 1280)
    let local = try #require(lo.addresses.first { $0.address == IPv4Address("127.0.0.1") })
    #expect(local.prefixLength == 8)
    #expect(local.subnet == IPv4Subnet("127.0.0.0/8"))
}

@Test func anUnknownInterfaceNamesThoseThatExist() throws {
    let error = try #require(throws: SystemError.self) { try NetworkInterface.named("eth-not-here") }
    #expect(error.isNotFound)
    #expect(error.description.contains("no interface eth-not-here; this host has lo"))
}

@Test func interfacesComeByIndexWithoutDuplicates() throws {
    let all = try NetworkInterface.all()
    #expect(all.map(\.index) == all.map(\.index).sorted())
    #expect(Set(all.map(\.name)).count == all.count)
}
