import Demo
import Foundation
import Jobs
import Store
import Testing

private func imported(_ temporary: TemporaryProject, _ folder: String) async throws -> JobRecord {
    try await temporary.run(JobSequence.Request(type: "import", parameters: ["path": .string(folder), "pyramids": false]), JobSequence.Request(type: "run"))[0]
}

private func frames(_ temporary: TemporaryProject, _ count: Int) throws -> [String] {
    let folder = try temporary.drawFrames(count, width: 320, height: 240)
    return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map { folder + "/" + $0 }
}

@Test func `a file replaced by another of its name is a new image, and the former one is in the trash with its objects`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph()
    let files = try frames(temporary, 3)
    let folder = (files[0] as NSString).deletingLastPathComponent
    _ = try await imported(temporary, folder)
    let project = temporary.project
    let former = try await project.allImages()
    let replaced = try #require(former.first { files[1].hasSuffix($0.name) })
    #expect(replaced.objects > 0)

    // The bytes of the third under the name of the second, and others under the third's: one has moved, one is new, one is gone.
    let (second, third) = (try Data(contentsOf: URL(filePath: files[1])), try Data(contentsOf: URL(filePath: files[2])))
    try third.write(to: URL(filePath: files[1]))
    try (second + Data("other".utf8)).write(to: URL(filePath: files[2]))
    let job = try await imported(temporary, folder)
    #expect(job.outcome?.warnings == ["\(replaced.name) has other bytes than before, so it is a new image; the former one is in the trash with its \(replaced.objects) object\(replaced.objects == 1 ? "" : "s")"])
    let now = try await project.allImages()
    #expect(now.count == 3 && !now.contains { $0.id == replaced.id })
    for image in now { _ = try project.openOriginal(image) }
    let moved = try #require(former.first { files[2].hasSuffix($0.name) })
    let place = try #require(now.first { $0.id == moved.id }?.location)
    #expect("\(place)".contains((files[1] as NSString).lastPathComponent))

    // Put back, it is there again as it was.
    try second.write(to: URL(filePath: files[1]))
    try third.write(to: URL(filePath: files[2]))
    _ = try await imported(temporary, folder)
    let back = try await project.allImages()
    #expect(Set(back.map(\.id)) == Set(former.map(\.id)))
    #expect(back.first { $0.id == replaced.id }?.objects == replaced.objects)
}

@Test func `an original of another size than at its import is refused, and nothing is cut from it`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph()
    let files = try frames(temporary, 2)
    _ = try await imported(temporary, (files[0] as NSString).deletingLastPathComponent)
    try (try Data(contentsOf: URL(filePath: files[0])) + Data("x".utf8)).write(to: URL(filePath: files[0]))
    let image = try #require(try await temporary.project.allImages().first { files[0].hasSuffix($0.name) })
    do throws(StoreError) {
        _ = try temporary.project.openOriginal(image)
        Issue.record("a changed file was opened")
    } catch {
        #expect("\(error)".contains("it was changed or replaced"))
    }
    let export = try await temporary.run(JobSequence.Request(type: "export"))[0]
    #expect(export.state == .failed && export.error?.contains("it was changed or replaced") == true, "\(export)")
}

@Test func `an original replaced by another of the same size is noticed by its bytes, and the same bytes written again are not`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph()
    let files = try frames(temporary, 2)
    _ = try await imported(temporary, (files[0] as NSString).deletingLastPathComponent)
    let image = try #require(try await temporary.project.allImages().first { files[0].hasSuffix($0.name) })
    let bytes = try Data(contentsOf: URL(filePath: files[0]))
    try await Task.sleep(for: .milliseconds(20))
    try bytes.write(to: URL(filePath: files[0]))
    for _ in 0..<2 { _ = try temporary.project.openOriginal(image) }
    var other = bytes
    other[other.count / 2] ^= 1
    try await Task.sleep(for: .milliseconds(20))
    try other.write(to: URL(filePath: files[0]))
    do throws(StoreError) {
        _ = try temporary.project.openOriginal(image)
        Issue.record("a changed file was opened")
    } catch {
        #expect("\(error)".contains("has other bytes than at its import"))
    }
    // In the trash, it is no error of what is in use.
    try await temporary.project.removeImage(image.id)
    let findings = try await temporary.project.check()
    #expect(findings.map(\.severity) == [.warning] && findings.first?.message.hasPrefix("In the trash: ") == true, "\(findings)")
}

@Test func `files of equal bytes are one image, and the second is named`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph()
    let files = try frames(temporary, 1)
    let folder = (files[0] as NSString).deletingLastPathComponent
    try FileManager.default.copyItem(atPath: files[0], toPath: folder + "/z_again.jpg")
    for _ in 0..<2 {
        let job = try await imported(temporary, folder)
        #expect(job.outcome?.warnings == ["z_again.jpg has the same bytes as \((files[0] as NSString).lastPathComponent), so it is that image and no second one"])
    }
    #expect(try await temporary.project.allImages().count == 1)
}
