import Nodes
import Raster
import Store
import Testing

@Test func `identities of drawn objects are those of their shapes written out`() {
    let mask = Mask(tightSortedRuns: [Run(y: -3, first: -20, last: 5), Run(y: 0, first: 0, last: 0), Run(y: 7, first: 12_345_678, last: 12_345_679)])
    let text = "image\ndraw 4 0\n-3,-20,5;0,0,0;7,12345678,12345679"
    #expect(ObjectUID.make(image: "image", edit: "draw 4 0", mask: mask) == String(FileDigest.sha256(Array(text.utf8)).prefix(20)))
}
