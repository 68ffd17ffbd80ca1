import Foundation
import Jobs
import Pipeline
import Testing

@Test(arguments: [
    (#"{"images":[1.5]}"#, #""images[0]" is 1.5 but must be a whole number"#), (#"{"images":["a"]}"#, #""images[0]" must be a whole number"#),
    (#"{"images":{}}"#, #""images" must be a list"#), (#"{"edited":"maybe"}"#, #""edited": it must be one of keep, replace, ask, not "maybe""#),
    (#"{"edited":3}"#, #""edited" must be a text"#), (#"{"keepEdited":"no"}"#, #""keepEdited" must be true or false"#), ("[]", "it must be an object"),
    ("{", "it is not valid JSON"), (#"{"imags":[1]}"#, #"it knows no "imags", only images"#),
]) func `parameters of a job that cannot be are answered with what they must be`(parameters: String, sentence: String) throws {
    #expect {
        try RunJob(parameters: Data(parameters.utf8))
    } throws: { error in
        "\(error)".contains(sentence)
    }
}

@Test(arguments: [
    (#"{"nodes":[{"name":"a","kind":"b","config":[]}],"edges":[]}"#, #""nodes[0].config" must be an object"#), ("[]", "it must be an object"),
    (#"{"nodes":[{"kind":"b"}],"edges":[]}"#, #""nodes[0].name" is missing"#), (#"{"nodes":3,"edges":[]}"#, #""nodes" must be a list"#),
    (#"{"nodes":[],"edges":[{"from":"a","to":"b.c"}]}"#, #""edges[0].from": an edge end is written node.slot"#),
]) func `what does not decode is named with its place and what it must be`(graph: String, sentence: String) throws {
    do {
        _ = try JSONDecoder().decode(Graph.self, from: Data(graph.utf8))
        Issue.record("\(graph) was decoded")
    } catch {
        #expect((error as? DecodingError)?.sentence.hasPrefix(sentence) == true, "\(error)")
    }
}
