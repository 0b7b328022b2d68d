// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AnchorRegistry} from "../../src/AnchorRegistry.sol";
import {RecordBackedLoans} from "../../src/examples/RecordBackedLoans.sol";
import {VM} from "../Vm.sol";
import {RecordTree} from "./RecordTree.sol";

/// @notice Tries to be paid twice: calls back while it receives money.
contract GreedyBorrower {
    RecordBackedLoans private immutable _loans;
    bytes private _again;

    /// @notice What came of the second call; empty while there was none.
    bytes public refusal;
    bool public gotIn;

    constructor(RecordBackedLoans loans) {
        _loans = loans;
    }

    function release(bytes calldata first, bytes calldata again) external {
        _again = again;
        (bool succeeded, bytes memory answer) = address(_loans).call(first);
        require(succeeded, string(answer));
    }

    receive() external payable {
        (gotIn, refusal) = address(_loans).call(_again);
    }
}

/// @notice Cannot be paid.
contract NoBorrower {
    function release(RecordBackedLoans loans, uint256 id, uint64 index, uint64 size, bytes32[] calldata proof)
        external
    {
        loans.release(id, index, size, proof);
    }
}

contract RecordBackedLoansTest {
    bytes32 private constant ORIGIN_HASH = bytes32(uint256(0x0516));
    address private constant LENDER = address(0xA0);
    address private constant OTHER_LENDER = address(0xA1);
    address private constant BORROWER = address(0xB0);
    uint64 private constant SIZE = 13;
    uint64 private constant INDEX = 5;
    uint64 private constant EXPIRY = 2_000_000_000;
    uint256 private constant AMOUNT = 3 ether;

    AnchorRegistry private _registry;
    RecordBackedLoans private _loans;

    function setUp() public {
        VM.warp(EXPIRY - 1_000);
        VM.deal(LENDER, 100 ether);
        VM.deal(OTHER_LENDER, 100 ether);
        _registry = new AnchorRegistry(ORIGIN_HASH, address(0), address(this));
        for (uint64 size = 6; size <= SIZE; ++size) {
            if (size != 9) {
                _registry.anchor(size, RecordTree.root(0, size));
            }
        }
        address[] memory lenders = new address[](2);
        (lenders[0], lenders[1]) = (LENDER, OTHER_LENDER);
        _loans = new RecordBackedLoans(lenders);
    }

    // ---- the leaf

    function test_LeafHash_IsThatOfTheEvidenceFormatsWorkedExample() public {
        bytes32 salt = 0xfd5dba1c2f7585ac3a52a8e0d6cc4ee21ae29a3c00cbb61a71b2cad89b818043;
        bytes memory record = bytes(
            '{"count":1,"custody":"self","eventHash":"ni:///sha-256;ffb7b12e9cc63ddda6a54c345c82fd946490fee0379ed6c659a1c021618a395a?ver=CBV2.0","keyEntry":3,"kid":"nObJP0-lUOcPpfsrKDqsZlGXlSdD5AAoXBSm3MIfhL8","position":0,"receivedAt":"2026-04-12T08:07:00.125Z","statement":"066e570b8673bf363d05d8f695c148efb07d6f1859dbade14936d0736aacc824","v":1}'
        );
        bytes32 digest = _loans.digestOf(salt, record);
        VM.assertEq(digest, 0xbbdc493d90307d364d1f759ed72ad6912826a8f724eda9a2e2978c2594b63bcd, "digest");
        VM.assertEq(
            _loans.leafHashOf(digest), 0xa63a2d6b24c6bb434c005a57ca1dcb5f3ebd2c3ddf82f4ba248fc4d60d5615ae, "leaf"
        );
    }

    // ---- the way it is meant

    function test_Release_PaysTheBorrowerOnce() public {
        uint256 id = _open();
        VM.assertEq(address(_loans).balance, AMOUNT, "held");
        VM.assertEq(_loans.offerOf(id).borrower, BORROWER, "offer");

        bytes32[] memory proof = RecordTree.path(INDEX, 0, SIZE);
        bytes32 leafHash = RecordTree.leaf(INDEX);
        VM.expectEmit(address(_loans));
        emit RecordBackedLoans.LoanReleased(id, BORROWER, leafHash, AMOUNT);
        VM.prank(BORROWER);
        _loans.release(id, INDEX, SIZE, proof);

        VM.assertEq(BORROWER.balance, AMOUNT, "paid");
        VM.assertEq(address(_loans).balance, 0, "nothing left");
        VM.assertEq(_loans.pledgeOf(RecordTree.leaf(INDEX)), id, "pledge");
        VM.assertEq(_loans.offerOf(id).amount, 0, "closed");

        _refuseWith(abi.encodeWithSelector(RecordBackedLoans.LoanOfferNotOpen.selector, id), id, INDEX, SIZE);
        VM.warp(EXPIRY + 1);
        _expect(abi.encodeWithSelector(RecordBackedLoans.LoanOfferNotOpen.selector, id));
        _loans.withdraw(id);
    }

    function testFuzz_Release_TakesEveryLeafOfEveryAnchoredTree(uint64 size, uint64 index) public {
        size = 1 + size % 300;
        index %= size;
        AnchorRegistry registry = new AnchorRegistry(ORIGIN_HASH, address(0), address(this));
        registry.anchor(size, RecordTree.root(0, size));
        uint256 id = _openAs(LENDER, BORROWER, registry, size, RecordTree.digest(index));

        _release(id, index, size);
        VM.assertEq(BORROWER.balance, AMOUNT, "paid");
    }

    function test_Release_AtTheLastSecond() public {
        uint256 id = _open();
        VM.warp(EXPIRY);
        _release(id, INDEX, SIZE);
        VM.assertEq(BORROWER.balance, AMOUNT, "paid");
    }

    function test_Withdraw_GivesTheLenderTheMoneyAfterExpiry() public {
        uint256 id = _open();
        _expect(abi.encodeWithSelector(RecordBackedLoans.LoanOfferNotExpired.selector, id, EXPIRY));
        _loans.withdraw(id);
        VM.warp(EXPIRY);
        _expect(abi.encodeWithSelector(RecordBackedLoans.LoanOfferNotExpired.selector, id, EXPIRY));
        _loans.withdraw(id);

        VM.warp(EXPIRY + 1);
        _refuseWith(abi.encodeWithSelector(RecordBackedLoans.LoanOfferExpired.selector, id, EXPIRY), id, INDEX, SIZE);
        VM.expectEmit(address(_loans));
        emit RecordBackedLoans.OfferWithdrawn(id, LENDER, AMOUNT);
        _loans.withdraw(id); // by anybody
        VM.assertEq(LENDER.balance, 100 ether, "all back");

        _expect(abi.encodeWithSelector(RecordBackedLoans.LoanOfferNotOpen.selector, id));
        _loans.withdraw(id);
    }

    // ---- opening

    function testFuzz_RevertWhen_OpenedByAnother(address caller) public {
        VM.assume(!_loans.isLender(caller) && caller != address(VM));
        VM.deal(caller, AMOUNT);
        bytes32 digest = RecordTree.digest(INDEX);
        _expect(abi.encodeWithSelector(RecordBackedLoans.LoanUnauthorizedLender.selector, caller));
        VM.prank(caller);
        _loans.open{value: AMOUNT}(BORROWER, _registry, ORIGIN_HASH, 0, digest, EXPIRY);
    }

    function test_RevertWhen_AnOfferMakesNoSense() public {
        bytes32 digest = RecordTree.digest(INDEX);
        _expect(abi.encodeWithSelector(RecordBackedLoans.LoanInvalidBorrower.selector, address(0)));
        VM.prank(LENDER);
        _loans.open{value: AMOUNT}(address(0), _registry, ORIGIN_HASH, 0, digest, EXPIRY);

        _expect(abi.encodeWithSelector(RecordBackedLoans.LoanInvalidAmount.selector, 0));
        VM.prank(LENDER);
        _loans.open(BORROWER, _registry, ORIGIN_HASH, 0, digest, EXPIRY);

        _expect(abi.encodeWithSelector(RecordBackedLoans.LoanInvalidExpiry.selector, EXPIRY - 1_001));
        VM.prank(LENDER);
        _loans.open{value: AMOUNT}(BORROWER, _registry, ORIGIN_HASH, 0, digest, EXPIRY - 1_001);

        bytes32 other = bytes32(uint256(1));
        _expect(abi.encodeWithSelector(RecordBackedLoans.LoanOriginMismatch.selector, other, ORIGIN_HASH));
        VM.prank(LENDER);
        _loans.open{value: AMOUNT}(BORROWER, _registry, other, 0, digest, EXPIRY);
        VM.assertEq(address(_loans).balance, 0, "nothing kept");
    }

    // ---- forgeries

    function testFuzz_RevertWhen_ReleasedByAnother(address caller) public {
        VM.assume(caller != BORROWER && caller != address(VM));
        uint256 id = _open();
        bytes32[] memory proof = RecordTree.path(INDEX, 0, SIZE);
        _expect(abi.encodeWithSelector(RecordBackedLoans.LoanUnauthorizedBorrower.selector, caller));
        VM.prank(caller);
        _loans.release(id, INDEX, SIZE, proof);
    }

    function testFuzz_RevertWhen_ASiblingIsAltered(uint8 place, uint8 bit) public {
        uint256 id = _open();
        bytes32[] memory proof = RecordTree.path(INDEX, 0, SIZE);
        proof[place % proof.length] ^= bytes32(uint256(1) << bit);
        _refuse(id, INDEX, SIZE, proof);
    }

    function testFuzz_RevertWhen_TheIndexIsAnother(uint64 index) public {
        VM.assume(index != INDEX);
        uint256 id = _open();
        _refuse(id, index, SIZE, RecordTree.path(INDEX, 0, SIZE));
        _refuse(id, index, SIZE, RecordTree.path(index % SIZE, 0, SIZE)); // The path of another record.
    }

    function test_RevertWhen_TheProofIsOfAnotherSize() public {
        uint256 id = _open();
        for (uint64 size = 10; size < SIZE; ++size) {
            _refuse(id, INDEX, SIZE, RecordTree.path(INDEX, 0, size));
            _refuse(id, INDEX, size, RecordTree.path(INDEX, 0, SIZE));
        }
    }

    function test_RevertWhen_TheRootIsNotAnchored() public {
        uint256 id = _openAs(LENDER, BORROWER, _registry, 0, RecordTree.digest(INDEX));
        _refuse(id, INDEX, 9, RecordTree.path(INDEX, 0, 9));
        _refuse(id, INDEX, SIZE + 1, RecordTree.path(INDEX, 0, SIZE + 1));
    }

    function test_RevertWhen_TheTreeIsSmallerThanTheLenderAsks() public {
        uint256 id = _open();
        _refuseWith(abi.encodeWithSelector(RecordBackedLoans.LoanSizeTooSmall.selector, 8, 10), id, INDEX, 8);
        _release(id, INDEX, 10);
    }

    function test_RevertWhen_OnlyAnotherRegistryHoldsTheRecord() public {
        AnchorRegistry empty = new AnchorRegistry(ORIGIN_HASH, address(0), address(this));
        empty.anchor(SIZE, bytes32(uint256(7)));
        uint256 id = _openAs(LENDER, BORROWER, empty, 0, RecordTree.digest(INDEX));
        _refuse(id, INDEX, SIZE, RecordTree.path(INDEX, 0, SIZE));
    }

    function test_RevertWhen_TheDigestIsAnInnerNodeOrALeaf() public {
        bytes32 inner = RecordTree.node(RecordTree.leaf(0), RecordTree.leaf(1));
        bytes32[] memory above = new bytes32[](1);
        above[0] = RecordTree.node(RecordTree.leaf(2), RecordTree.leaf(3));
        AnchorRegistry registry = new AnchorRegistry(ORIGIN_HASH, address(0), address(this));
        // A root that makes the tree of two look as if the inner nodes were its leaves.
        registry.anchor(2, RecordTree.node(inner, above[0]));
        VM.assertTrue(registry.verifyLeaf(inner, 0, 2, above), "the registry alone cannot tell");

        bytes32[2] memory digests = [inner, RecordTree.leaf(0)];
        for (uint256 i = 0; i < digests.length; ++i) {
            uint256 id = _openAs(LENDER, BORROWER, registry, 0, digests[i]);
            bytes32 leafHash = _loans.leafHashOf(digests[i]);
            _expect(abi.encodeWithSelector(RecordBackedLoans.LoanLeafNotProven.selector, leafHash, 0, 2));
            VM.prank(BORROWER);
            _loans.release(id, 0, 2, above);
        }
    }

    function test_RevertWhen_TheRecordBacksAnotherLoan() public {
        uint256 first = _open();
        uint256 second = _openAs(OTHER_LENDER, BORROWER, _registry, 0, RecordTree.digest(INDEX));
        _release(first, INDEX, SIZE);

        _refuseWith(
            abi.encodeWithSelector(RecordBackedLoans.LoanLeafPledged.selector, RecordTree.leaf(INDEX), first),
            second,
            INDEX,
            SIZE
        );
        _refuseWith(
            abi.encodeWithSelector(RecordBackedLoans.LoanLeafPledged.selector, RecordTree.leaf(INDEX), first),
            second,
            INDEX,
            SIZE - 1
        ); // Nor by the proof to another anchor.
    }

    function test_RevertWhen_TheRecordIsPledgedThroughASecondRegistry() public {
        uint256 first = _open();
        _release(first, INDEX, SIZE);
        AnchorRegistry copy = new AnchorRegistry(ORIGIN_HASH, address(0), address(this));
        copy.anchor(SIZE, RecordTree.root(0, SIZE));
        uint256 second = _openAs(OTHER_LENDER, BORROWER, copy, 0, RecordTree.digest(INDEX));

        _refuseWith(
            abi.encodeWithSelector(RecordBackedLoans.LoanLeafPledged.selector, RecordTree.leaf(INDEX), first),
            second,
            INDEX,
            SIZE
        );
    }

    function test_Release_CalledAgainWhileItPays_PaysOnce() public {
        GreedyBorrower greedy = new GreedyBorrower(_loans);
        bytes32[] memory proof = RecordTree.path(INDEX, 0, SIZE);
        uint256 first = _openFor(LENDER, address(greedy));
        uint256 second = _openFor(OTHER_LENDER, address(greedy)); // The same record under a second offer.
        bytes memory takeFirst = abi.encodeCall(RecordBackedLoans.release, (first, INDEX, SIZE, proof));

        greedy.release(takeFirst, abi.encodeCall(RecordBackedLoans.release, (second, INDEX, SIZE, proof)));

        VM.assertFalse(greedy.gotIn(), "second call");
        bytes memory pledged =
            abi.encodeWithSelector(RecordBackedLoans.LoanLeafPledged.selector, RecordTree.leaf(INDEX), first);
        VM.assertEq(keccak256(greedy.refusal()), keccak256(pledged), "refusal");
        VM.assertEq(address(greedy).balance, AMOUNT, "paid once");
        VM.assertEq(address(_loans).balance, AMOUNT, "the other lender's money");
    }

    function test_Release_OfTheSameOfferAgainWhileItPays_PaysOnce() public {
        GreedyBorrower greedy = new GreedyBorrower(_loans);
        bytes32[] memory proof = RecordTree.path(INDEX, 0, SIZE);
        uint256 id = _openFor(LENDER, address(greedy));
        _openFor(OTHER_LENDER, address(0xB1));
        bytes memory take = abi.encodeCall(RecordBackedLoans.release, (id, INDEX, SIZE, proof));

        greedy.release(take, take);

        VM.assertFalse(greedy.gotIn(), "second call");
        bytes memory closed = abi.encodeWithSelector(RecordBackedLoans.LoanOfferNotOpen.selector, id);
        VM.assertEq(keccak256(greedy.refusal()), keccak256(closed), "refusal");
        VM.assertEq(address(greedy).balance, AMOUNT, "paid once");
    }

    function test_RevertWhen_TheBorrowerCannotBePaid_AndNothingIsLost() public {
        NoBorrower poor = new NoBorrower();
        uint256 id = _openFor(LENDER, address(poor));
        bytes32[] memory proof = RecordTree.path(INDEX, 0, SIZE);
        _expect(abi.encodeWithSelector(RecordBackedLoans.LoanTransferFailed.selector, address(poor)));
        poor.release(_loans, id, INDEX, SIZE, proof);

        VM.assertEq(_loans.pledgeOf(RecordTree.leaf(INDEX)), 0, "the record is free");
        VM.warp(EXPIRY + 1);
        _loans.withdraw(id);
        VM.assertEq(LENDER.balance, 100 ether, "all back");
    }

    // ---- helpers

    function _open() private returns (uint256) {
        return _openFor(LENDER, BORROWER);
    }

    function _openFor(address lender, address borrower) private returns (uint256) {
        return _openAs(lender, borrower, _registry, 10, RecordTree.digest(INDEX));
    }

    /// @dev Here and below every hash is made before the cheat code, which is meant for the next call: SHA-256 is one.
    function _openAs(address lender, address borrower, AnchorRegistry registry, uint64 minSize, bytes32 digest)
        private
        returns (uint256)
    {
        VM.prank(lender);
        return _loans.open{value: AMOUNT}(borrower, registry, ORIGIN_HASH, minSize, digest, EXPIRY);
    }

    function _release(uint256 id, uint64 index, uint64 size) private {
        bytes32[] memory proof = RecordTree.path(index, 0, size);
        VM.prank(BORROWER);
        _loans.release(id, index, size, proof);
    }

    function _refuseWith(bytes memory revertData, uint256 id, uint64 index, uint64 size) private {
        bytes32[] memory proof = RecordTree.path(index, 0, size);
        _expect(revertData);
        VM.prank(BORROWER);
        _loans.release(id, index, size, proof);
    }

    function _refuse(uint256 id, uint64 index, uint64 size, bytes32[] memory proof) private {
        bytes32 leafHash = RecordTree.leaf(INDEX);
        _expect(abi.encodeWithSelector(RecordBackedLoans.LoanLeafNotProven.selector, leafHash, index, size));
        VM.prank(BORROWER);
        _loans.release(id, index, size, proof);
    }

    function _expect(bytes memory revertData) private {
        VM.expectRevert(revertData);
    }
}
