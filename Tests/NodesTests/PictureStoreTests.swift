import Codecs
import Foundation
import Pipeline
import Raster
import Store
import Testing

import Nodes

@Test func `pictures that a run leaves are found by box, and not after anything that decides them has changed`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "ship-pictures-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let project = try Project.create(folder: folder.path, title: "pictures")
    defer { try? project.close() }
    var new = NewImage(uid: "image-1", name: "a.png", location: .project(path: "images/a.png"), node: "images", sha256: String(repeating: "a", count: 64), bytes: 1)
    (new.width, new.height, new.state) = (60, 50, .ready)
    let image = try await project.insertImage(new)
    let pipeline = ProjectPipeline(project: project)
    let plan = try Plan(.standard, classes: AllNodes.classes)
    let store = try #require(PictureStore.all(pipeline, plan: plan).first)
    #expect(store.load(image) == nil)

    var pixels = Image<UInt8>(width: 60, height: 50, repeating: 200)
    for x in 20..<30 { pixels[x, 25] = UInt8(x) }
    let box = Rect(x: 20, y: 25, width: 10, height: 1)
    try store.save(AnyImage.gray8(pixels), of: image, boxes: [box, box, Rect(x: 0, y: 0, width: 5, height: 5)])
    let found = try #require(store.load(image))
    #expect(found.count == 2)
    let picture = try ImageFile.decode(bytes: Array(try #require(found[box])), name: "picture")
    // Ten pixels around it, cut at no edge here.
    #expect(picture == .gray8(pixels.cropped(to: Rect(x: 10, y: 15, width: 30, height: 21))))

    var graph = Graph.standard
    for index in graph.nodes.indices where graph.nodes[index].kind == EcoTaxaExportNode.kind { graph.nodes[index].config["picture"] = "jpeg" }
    let other = try #require(PictureStore.all(pipeline, plan: try Plan(graph, classes: AllNodes.classes)).first)
    #expect(other.load(image) == nil)

    // A damaged file is no file.
    let path = try #require(FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String }.first { $0.hasSuffix(".bin") })
    let file = folder.appending(path: path)
    var bytes = try Data(contentsOf: file)
    bytes[bytes.count - 20] ^= 1
    try bytes.write(to: file)
    #expect(store.load(image) == nil)
    try bytes.prefix(bytes.count / 2).write(to: file)
    #expect(store.load(image) == nil)
    store.removeAll()
    #expect(!FileManager.default.fileExists(atPath: file.path))
}
