// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAnchorRegistry} from "../IAnchorRegistry.sol";

/// @title Example: loans that are paid out when a record is shown to be in an anchored log
/// @notice Several lenders share one contract so that no record backs two of their loans. A lender puts money under an
/// offer that names one borrower and one record; the borrower gets it by proving that the log holds the record. What
/// becomes of the loan afterwards is settled elsewhere.
/// @dev An example of `IAnchorRegistry.verifyLeaf`, not part of the product and not reviewed for use with real money.
/// docs/contract-example.md says what this contract cannot know. Every payment is the last step of its function, after
/// all state was written; the registry is only asked by view functions, which the EVM keeps from changing anything.
contract RecordBackedLoans {
    /// @notice What a lender offers.
    struct Offer {
        /// The lender, who gets the money back when the offer runs out.
        address lender;
        /// Last second at which the borrower may take the money, seconds since 1970.
        uint64 expiry;
        /// The only account that may take the money.
        address borrower;
        /// Smallest tree size whose root counts.
        uint64 minSize;
        /// The registry of the log that must hold the record.
        IAnchorRegistry registry;
        /// Salted digest of the record: SHA-256(salt || canonical JSON of the record).
        bytes32 digest;
        /// Wei. Zero where there is no open offer.
        uint256 amount;
    }

    /// @notice A lender put money under an offer.
    event OfferOpened(
        uint256 indexed id, address indexed lender, address indexed borrower, bytes32 digest, uint256 amount
    );

    /// @notice The borrower proved the record and was paid.
    event LoanReleased(uint256 indexed id, address indexed borrower, bytes32 indexed leafHash, uint256 amount);

    /// @notice The offer ran out and the lender took the money back.
    event OfferWithdrawn(uint256 indexed id, address indexed lender, uint256 amount);

    /// @notice Only lenders named at the start open offers.
    error LoanUnauthorizedLender(address caller);

    /// @notice Only the offer's borrower takes the money.
    error LoanUnauthorizedBorrower(address caller);

    /// @notice The address cannot be a borrower.
    error LoanInvalidBorrower(address borrower);

    /// @notice An offer without money is none.
    error LoanInvalidAmount(uint256 amount);

    /// @notice The offer would have run out already.
    error LoanInvalidExpiry(uint64 expiry);

    /// @notice The registry serves another log than the lender thinks.
    error LoanOriginMismatch(bytes32 expected, bytes32 actual);

    /// @notice There is no such offer, or it was paid or withdrawn.
    error LoanOfferNotOpen(uint256 id);

    /// @notice It is too late to take the money.
    error LoanOfferExpired(uint256 id, uint64 expiry);

    /// @notice It is too early to take the money back.
    error LoanOfferNotExpired(uint256 id, uint64 expiry);

    /// @notice The proof is against a smaller tree than the lender asks for.
    error LoanSizeTooSmall(uint64 size, uint64 minSize);

    /// @notice The record backs another loan.
    error LoanLeafPledged(bytes32 leafHash, uint256 id);

    /// @notice The registry does not confirm that the record is in the log.
    error LoanLeafNotProven(bytes32 leafHash, uint64 index, uint64 size);

    /// @notice The recipient refused the money.
    error LoanTransferFailed(address recipient);

    /// @dev Kind byte of an event's entry, after the version byte of the layout and the prefix of a leaf.
    bytes3 private constant EVENT_LEAF_PREFIX = 0x000101;

    uint256 private _lastId;
    mapping(address account => bool) private _lenders;
    mapping(uint256 id => Offer) private _offers;

    // By leaf hash alone, whichever registry proved it: a second registry must not make a record good for a second loan.
    mapping(bytes32 leafHash => uint256 id) private _pledges;

    /// @param lenders The accounts that may open offers; nobody joins later.
    constructor(address[] memory lenders) {
        for (uint256 i = 0; i < lenders.length; ++i) {
            _lenders[lenders[i]] = true;
        }
    }

    /// @notice Puts the money sent along under a new offer.
    /// @dev Lenders only: were it open to all, a stranger could use up a record that is not theirs with an offer of one
    /// wei to themselves, because the entries of a log are public.
    /// @param borrower Who may take the money, not zero.
    /// @param registry The registry of the log.
    /// @param originHash SHA-256 of the log's origin, which must be the registry's.
    /// @param minSize Smallest tree size whose root counts; zero for any.
    /// @param digest Salted digest of the record that must be in the log.
    /// @param expiry Last second at which the borrower may take the money; not in the past.
    /// @return id Of the offer, from 1.
    function open(
        address borrower,
        IAnchorRegistry registry,
        bytes32 originHash,
        uint64 minSize,
        bytes32 digest,
        uint64 expiry
    ) external payable returns (uint256 id) {
        if (!_lenders[msg.sender]) {
            revert LoanUnauthorizedLender(msg.sender);
        }
        if (borrower == address(0)) {
            revert LoanInvalidBorrower(borrower);
        }
        if (msg.value == 0) {
            revert LoanInvalidAmount(msg.value);
        }
        // forge-lint: disable-next-line(block-timestamp)
        if (expiry < block.timestamp) {
            revert LoanInvalidExpiry(expiry);
        }
        bytes32 actual = registry.originHash();
        if (actual != originHash) {
            revert LoanOriginMismatch(originHash, actual);
        }

        id = ++_lastId;
        _offers[id] = Offer({
            lender: msg.sender,
            expiry: expiry,
            borrower: borrower,
            minSize: minSize,
            registry: registry,
            digest: digest,
            amount: msg.value
        });
        emit OfferOpened(id, msg.sender, borrower, digest, msg.value);
    }

    /// @notice Pays the loan out to the borrower, if the record is in the log.
    /// @param id Of the offer.
    /// @param index Leaf index of the record, from 0.
    /// @param size Tree size, one that was anchored and is not below the offer's.
    /// @param proof Sibling hashes from the leaf upward.
    function release(uint256 id, uint64 index, uint64 size, bytes32[] calldata proof) external {
        Offer memory offer = _openOffer(id);
        if (msg.sender != offer.borrower) {
            revert LoanUnauthorizedBorrower(msg.sender);
        }
        // forge-lint: disable-next-line(block-timestamp)
        if (block.timestamp > offer.expiry) {
            revert LoanOfferExpired(id, offer.expiry);
        }
        if (size < offer.minSize) {
            revert LoanSizeTooSmall(size, offer.minSize);
        }
        bytes32 leafHash = leafHashOf(offer.digest);
        if (_pledges[leafHash] != 0) {
            revert LoanLeafPledged(leafHash, _pledges[leafHash]);
        }
        if (!offer.registry.verifyLeaf(leafHash, index, size, proof)) {
            revert LoanLeafNotProven(leafHash, index, size);
        }

        _pledges[leafHash] = id;
        delete _offers[id];
        emit LoanReleased(id, offer.borrower, leafHash, offer.amount);
        _pay(offer.borrower, offer.amount);
    }

    /// @notice Gives the lender the money of an offer that ran out.
    /// @dev Anybody may call it: the money goes to the lender.
    /// @param id Of the offer.
    function withdraw(uint256 id) external {
        Offer memory offer = _openOffer(id);
        // forge-lint: disable-next-line(block-timestamp)
        if (block.timestamp <= offer.expiry) {
            revert LoanOfferNotExpired(id, offer.expiry);
        }

        delete _offers[id];
        emit OfferWithdrawn(id, offer.lender, offer.amount);
        _pay(offer.lender, offer.amount);
    }

    /// @notice Whether an account may open offers.
    function isLender(address account) external view returns (bool) {
        return _lenders[account];
    }

    /// @notice An open offer; all zero where there is none.
    function offerOf(uint256 id) external view returns (Offer memory) {
        return _offers[id];
    }

    /// @notice The offer whose loan a record backs; zero for none.
    /// @param leafHash As of `leafHashOf`.
    function pledgeOf(bytes32 leafHash) external view returns (uint256 id) {
        return _pledges[leafHash];
    }

    /// @notice Leaf hash of an event's entry from the salted digest of its record.
    /// @dev docs/evidence-format.md section 6: an entry is 0x01 (version) || 0x01 (event) || digest, and a leaf hash is
    /// SHA-256(0x00 || entry). Because the contract builds the leaf, nobody can pass off an inner node or an entry of
    /// another kind as a record.
    /// @param digest SHA-256(salt || canonical JSON of the record), the body of the entry.
    function leafHashOf(bytes32 digest) public pure returns (bytes32) {
        return sha256(abi.encodePacked(EVENT_LEAF_PREFIX, digest));
    }

    /// @notice Salted digest of a record, for whoever holds its evidence bundle. To be called off the chain: a
    /// transaction would publish the salt.
    /// @param salt The record's salt, 32 random bytes.
    /// @param record Canonical JSON of the record, UTF-8.
    function digestOf(bytes32 salt, bytes calldata record) external pure returns (bytes32) {
        return sha256(abi.encodePacked(salt, record));
    }

    function _openOffer(uint256 id) private view returns (Offer memory offer) {
        offer = _offers[id];
        if (offer.amount == 0) {
            revert LoanOfferNotOpen(id);
        }
    }

    function _pay(address recipient, uint256 amount) private {
        (bool succeeded,) = recipient.call{value: amount}("");
        if (!succeeded) {
            revert LoanTransferFailed(recipient);
        }
    }
}
