import BootMachine
import BootPolicy
import BootProtocols

extension DHCPResponder {
    /// A request on port 4011: firmware that has its address asks a boot server for its file (PXE 2.1, 2.2.5).
    ///
    /// EDK2 comes here after an offer with 60 and without 43 ("BINL"), some vendors' firmware always. It has bound
    /// 4011 itself, so the answer goes to the port that it sent from. No lease is involved.
    mutating func answerBootServerRequest(_ exchange: inout DHCPExchange) -> [DHCPAction] {
        let client = exchange.client
        if let problem = problem(withClientAt: exchange.source.address, of: exchange.mac) {
            return refuse(exchange, "a boot server request from \(exchange.source): \(problem)")
        }
        guard exchange.source.port != 0 else {
            return refuse(exchange, "a boot server request from \(exchange.source), which has no port to answer to")
        }
        if let refusal = reasonToRefuse(client, exchange.verdict) { return refuse(exchange, refusal) }
        let message = exchange.message
        var answer = DHCPMessage(.reply, transactionID: message.transactionID, mac: message.mac)
        answer.clientAddress = message.clientAddress
        answer.flags = message.flags
        answer.options.messageType = .ack
        answer.options.serverIdentifier = bootServer.address
        client.fillBootFields(of: &answer, from: bootServer)
        // A boot server's answer has the class whatever the client (PXE 2.1, table 2-5), and the item asked for.
        if answer.options.vendorClass == nil { answer.options.vendorClass = "PXEClient" }
        if let item = message.options.pxe?.bootItem {
            var pxe = answer.options.pxe ?? PXEOptions()
            pxe.bootItem = item
            answer.options.pxe = pxe
        }
        echo(message, into: &answer)
        do throws(DHCPError) {
            let bytes = try encodeToFit(answer, limit: message.options.payloadLimit)
            if client.isGivenLoader { exchange.conversation.loaderGiven = exchange.now }
            return [.send(DHCPReply(bytes: bytes, destination: .routed(exchange.source), source: .bootServer))]
        } catch {
            return refuse(exchange, "\(client): no answer to its boot server request: \(error)")
        }
    }
}
