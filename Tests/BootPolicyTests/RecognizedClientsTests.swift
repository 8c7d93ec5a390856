import BootProtocols
import Testing

@testable import BootPolicy

@Suite("RecognizedClients")
struct RecognizedClientsTests {
    private func message(_ number: UInt64, _ change: (inout DHCPOptions) -> Void) -> DHCPMessage {
        var message = DHCPMessage(.request, transactionID: 1, mac: MACAddress(value: 0x5254_0000_0000 | number))
        message.options.messageType = .discover
        change(&message.options)
        return message
    }

    /// Clients that fall under many rows, some of which differ in one detail.
    private var messages: [DHCPMessage] {
        let ipxe: (inout DHCPOptions) -> Void = { options in
            options.userClasses = ["iPXE"]
            var own = IPXEOptions()
            own.features = [.http]
            options.ipxe = own
        }
        let machine = ClientMachine(bytes: [UInt8](1...16)[...])
        return [
            message(1) { _ in }, message(2) { $0.clientIdentifier = [1, 2] },
            message(3) { $0.vendorClass = "PXEClient:Arch:00000:UNDI:002001" },
            message(4) { $0.vendorClass = "PXEClient:Arch:00007:UNDI:003000" },
            message(5) {
                $0.vendorClass = "PXEClient"
                $0.clientArchitectures = [.efiX64]
            },
            message(6, ipxe),
            message(7) {
                ipxe(&$0)
                $0.clientArchitectures = [.efiX64]
                $0.clientMachine = machine
            },
            message(8) { $0.vendorClass = "HTTPClient:Arch:00016" }, message(9) { $0.vendorClass = "U-Boot" },
            message(10) { $0.parameterRequestList = [1, 3, 6, 15, 12, 17, 18].map(DHCPOptionCode.init(rawValue:)) },
            message(11) { $0.vendorClass = "perseid-agent:stage1" },
            message(0xb8_27eb) { $0.vendorClass = "PXEClient:Arch:00000:UNDI:002001" },
        ]
    }

    @Test("the memory says what the table says, at the first look and at later ones")
    func agreesWithTheTable() {
        var clients = RecognizedClients()
        for _ in 1...3 {
            for message in messages {
                for wasChained in [false, true] {
                    for loader in BootLoader.allCases {
                        let policy = FirmwarePolicy(loader: loader, files: loader == .grub ? ["ipxe-arm64.efi"] : [])
                        let expected = BootClient(message, wasChained: wasChained, under: policy)
                        #expect(clients.client(of: message, wasChained: wasChained, under: policy) == expected)
                    }
                }
            }
        }
    }

    @Test("of two machines alike each keeps its own MAC and UUID")
    func individuals() throws {
        var clients = RecognizedClients()
        let machines = [ClientMachine(bytes: [1, 2, 3, 4] + ArraySlice(repeating: 5, count: 12)), nil]
        for (number, machine) in machines.enumerated() {
            let message = message(UInt64(number)) {
                $0.vendorClass = "PXEClient:Arch:00000:UNDI:002001"
                $0.clientMachine = machine
            }
            let client = clients.client(of: message)
            #expect(client.traits.mac == message.mac)
            #expect(client.traits.machine == machine)
        }
    }

    @Test("no row looks at more of a UUID than the memory does")
    func machinePrefixes() {
        let rows = ClientFingerprint.tables.values.flatMap { $0 }
        #expect(rows.allSatisfy { longestPrefix($0.when) <= RecognizedClients.machinePrefix })
        #expect(rows.contains { longestPrefix($0.when) > 0 })
    }

    private func longestPrefix(_ condition: ClientCondition) -> Int {
        switch condition {
        case .machine(let prefix): prefix.count
        case .any(let all), .all(let all): all.map(longestPrefix).max() ?? 0
        case .not(let one): longestPrefix(one)
        default: 0
        }
    }
}
