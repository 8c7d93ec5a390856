import AgentKit
import BootMachine
import Testing

@Suite struct InventoryTests {
    /// One page of the kernel's boot parameters with `secure_boot` set.
    private func parameters(_ value: UInt8) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 4096)
        bytes[0x1ec] = value
        return bytes
    }

    @Test func tellsSecureBoot() {
        #expect(Inventory.secureBoot(bootParameters: parameters(3)) == true)
        #expect(Inventory.secureBoot(bootParameters: parameters(2)) == false)
        for unknown in [0, 1, 4, 255] as [UInt8] {
            #expect(Inventory.secureBoot(bootParameters: parameters(unknown)) == nil)
        }
        #expect(Inventory.secureBoot(bootParameters: []) == nil)
        #expect(Inventory.secureBoot(bootParameters: [UInt8](repeating: 3, count: 0x1ec)) == nil)
    }
}
