import Server
import Testing

@Suite struct EventHubTests {
    private func collect(_ hub: EventHub, after id: String? = nil, _ act: () -> Void = {}) async -> String {
        let stream = hub.listen(after: id)
        act()
        hub.close()
        var text = ""
        for await piece in stream { text += piece }
        return text
    }

    private func lastID(_ text: String) -> String? { text.split(separator: "\n").last { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) } }

    @Test func `a listener hears what is published, each with an id`() async {
        let hub = EventHub()
        hub.publish("job", ["id": 1])
        let text = await collect(hub) { hub.publish("job", ["id": 2, "text": "two\nlines"]) }
        #expect(!text.contains(#""id":1"#))
        #expect(text.contains("event: job\ndata: {\"id\":2,\"text\":\"two\\nlines\"}\n\n"))
    }

    @Test func `whoever comes back gets what was missed, once`() async {
        let hub = EventHub()
        let first = hub.listen()
        for number in 1...5 { hub.publish("edit", ["n": .number(Double(number))]) }
        var iterator = first.makeAsyncIterator()
        var heard = ""
        for _ in 0..<3 { heard += await iterator.next() ?? "" }
        let text = await collect(hub, after: lastID(heard))
        #expect(!text.contains(#"{"n":2}"#) && text.contains(#"{"n":3}"#) && text.contains(#"{"n":5}"#))
        #expect(!text.contains("reset"))
    }

    @Test(arguments: ["other-3", "nonsense", "-", "99999999999999999999-1"])
    func `an id of another start means: load everything again`(id: String) async {
        let hub = EventHub()
        hub.publish("job", [:])
        let text = await collect(hub, after: id)
        #expect(text.contains("event: reset\n"))
        #expect(!text.contains("event: job"))
    }

    @Test func `an id that fell out of the buffer means: load everything again`() async {
        let hub = EventHub(capacity: 10)
        let stream = hub.listen()
        hub.publish("job", ["n": 0])
        var iterator = stream.makeAsyncIterator()
        _ = await iterator.next()
        let id = lastID(await iterator.next() ?? "")
        for number in 1...50 { hub.publish("job", ["n": .number(Double(number))]) }
        let text = await collect(hub, after: id)
        #expect(text.contains("event: reset\n"))
    }

    @Test func `a listener that does not read is let go instead of filling the memory`() {
        let hub = EventHub(capacity: 10)
        let stream = hub.listen()
        for _ in 0..<100 { hub.publish("job", [:]) }
        #expect(hub.listenerCount == 0)
        _ = stream
    }
}
