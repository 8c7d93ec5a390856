import BootProtocols
import Registry
import Testing

@Suite struct ObservedAddressesTests {
    @Test func aMachineHasOneAddressAndAnAddressOneMachine() {
        var observed = ObservedAddresses()
        let (first, second) = (MACAddress(value: 1), MACAddress(value: 2))
        let (low, high) = (IPv4Address(value: 0x0a4d_0064), IPv4Address(value: 0x0a4d_0065))
        observed.note(low, of: first)
        observed.note(high, of: first)
        #expect(observed.machine(at: low) == nil && observed.machine(at: high) == first)
        observed.note(high, of: second)
        #expect(observed.machine(at: high) == second && observed.count == 1)
        observed.note(low, of: first)
        #expect(observed.machine(at: low) == first && observed.count == 2)
    }

    @Test func itGrowsWithMachinesAndNotWithWhatTheySay() {
        var observed = ObservedAddresses()
        for number in 0..<10_000 {
            observed.note(IPv4Address(value: UInt32(number)), of: MACAddress(value: UInt64(number % 10)))
        }
        #expect(observed.count == 10)
    }
}
