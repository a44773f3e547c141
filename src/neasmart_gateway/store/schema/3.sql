create table nonces (owner text not null, nonce text not null, expires real not null, primary key (owner, nonce)) without rowid;
