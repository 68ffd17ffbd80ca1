import Foundation
import Pipeline
import Testing

@Test func `a graph survives the way through JSON, and ends are written node dot slot`() throws {
    let graph = Graph(
        nodes: [.init(name: "a", kind: "k", config: ["level": 12, "method": "otsu", "flag": true, "share": 0.25])],
        edges: [.init(from: .init("a", "out"), to: .init("b", "in"))])
    let data = try JSONEncoder().encode(graph)
    #expect(String(decoding: data, as: UTF8.self).contains("\"a.out\""))
    #expect(String(decoding: data, as: UTF8.self).contains("\"level\":12"))
    #expect(try JSONDecoder().decode(Graph.self, from: data) == graph)
}

@Test(arguments: ["a", "a.", ".b", "a.b.c", ""])
func `an edge end that is not node dot slot is refused`(text: String) {
    let json = #"{"nodes":[],"edges":[{"from":"\#(text)","to":"a.b"}]}"#
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(Graph.self, from: Data(json.utf8)) }
}

@Test func `a node without a configuration takes its defaults`() throws {
    let graph = try JSONDecoder().decode(Graph.self, from: Data(#"{"nodes":[{"name":"a","kind":"k"}],"edges":[]}"#.utf8))
    #expect(graph.nodes[0].config.isEmpty)
}
